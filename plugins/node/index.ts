/**
 * The Node plugin: WebGPU without a browser, models as files, progress on a terminal.
 * @module tfjs-compress/plugins/node
 */
export {useWebGPU} from './useWebGPU.ts';
export {fileHandler, type FileHandlerOptions} from './fileHandler.ts';
export {terminalProgress, type TerminalProgress, type TerminalProgressOptions} from './terminalProgress.ts';
