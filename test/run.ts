import {parseArgs} from 'node:util';
import {runBrowserSuites} from './runner/browserSuites.ts';
import {findOrInstallChromium} from './runner/chromium.ts';
import {runNodeSuites, runUnitSuites} from './runner/nodeSuites.ts';
import {attempt, nothing, sum} from './runner/outcome.ts';

// npm test [-- [--unit | --node | --browser] [--grep <part of a test's title>]]
const {
  values: {unit, node, browser, grep},
} = parseArgs({
  options: {
    unit: {type: 'boolean'},
    node: {type: 'boolean'},
    browser: {type: 'boolean'},
    grep: {type: 'string'},
  },
});

const {passed, failed} = await attempt(async () => {
  if (unit === true) return runUnitSuites(grep);
  const chromium = findOrInstallChromium(); // the suites in Node need it, too: Dawn runs on its software driver
  return sum([
    browser === true ? nothing : await attempt(() => runNodeSuites(grep)),
    node === true ? nothing : await attempt(() => runBrowserSuites(chromium, grep)),
  ]);
});
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
