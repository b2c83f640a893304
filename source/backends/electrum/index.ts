export {createElectrum} from './electrum.ts';
