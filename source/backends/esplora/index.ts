export {createEsplora, type Esplora} from './esplora.ts';
