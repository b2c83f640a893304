export {EsploraServer, type EsploraServerOptions} from './server.ts';
