import {startAdaptPanel} from './adaptPanel.ts';
import {startCompressPanel} from './compressPanel.ts';
import {startOwnImages} from './ownImages.ts';
import {element, showProblem, write} from './page.ts';
import {startPredictPanel} from './predictPanel.ts';
import {startReportPanel} from './reportPanel.ts';
import {type Session, session} from './session.ts';
import {startStorePanel} from './storePanel.ts';

// The page can be used at once. TensorFlow.js is loaded afterwards, and jobs wait for it.
startAdaptPanel();
startOwnImages();
startCompressPanel();
startStorePanel();
startPredictPanel();
startReportPanel();
document.documentElement.dataset['ready'] = 'true';
session().then(showBackend).catch(showProblem);

function showBackend({backend, engine}: Session): void {
  write('backend', backend === 'webgpu' ? 'WebGPU' : 'WebAssembly');
  if (backend === 'wasm') {
    const notice = element('notice', HTMLElement);
    notice.textContent =
      'WebGPU is not available in this browser, so this page computes with WebAssembly, ' +
      'on the CPU. Everything works; ' +
      'packed layers are small in storage, and decoded in memory.';
    notice.hidden = false;
  }
  setInterval(() => {
    write('tensors', String(engine.tensorsInMemory()));
  }, 250);
}
