export {createBlockIo} from './blockio.ts';
