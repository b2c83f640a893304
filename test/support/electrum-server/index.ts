export {ElectrumServer} from './electrum-server.ts';
