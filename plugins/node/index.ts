/**
 * The Node plugin: WebGPU without a browser, and models as files.
 * @module
 */
export {useWebGPU} from './useWebGPU.ts';
export {fileHandler, type FileHandlerOptions} from './fileHandler.ts';
