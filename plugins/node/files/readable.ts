export {readable} from '../../../src/errors.ts';
