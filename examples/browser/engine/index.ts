/** Everything that needs TensorFlow.js, in one module that the page imports when it can already be used. */
export {adapt, type Adapted, type TrainingStep} from './adapt.ts';
export {type Backend, startBackend, tensorsInMemory} from './backend.ts';
export {accuracyOf, answersOf, loadPretrained, probabilitiesOf} from './classifier.ts';
export {compressAdapted, compressModel, type Recipe} from './compressModel.ts';
export {keepModel, loadModel, type SavedModel, type SavedNote} from './storage.ts';
