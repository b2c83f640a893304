export {createElectrum, type Electrum} from './electrum.ts';
