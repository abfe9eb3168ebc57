import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './', // the built page works in any folder
  // 'tfjs-compress' is this very repository. A page of your own needs no such line.
  resolve: {tsconfigPaths: true},
  // Known beforehand: found one by one they would reload the page when it is first opened.
  optimizeDeps: {
    include: [
      '@observablehq/plot',
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-backend-webgpu',
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-layers',
      'rxjs',
    ],
  },
  build: {target: 'es2022', chunkSizeWarningLimit: 2000, modulePreload: {polyfill: false}},
});
