import {build, type Plugin} from 'esbuild';

/** One script for the browser that hands each test file to `window.loadTests` in turn. */
export async function bundle(files: readonly string[]): Promise<string> {
  const loads = files.map(
    (file) => `await window.loadTests(${JSON.stringify(file)}, () => import(${JSON.stringify(`./${file}`)}));`,
  );
  const {outputFiles} = await build({
    stdin: {contents: loads.join('\n'), resolveDir: process.cwd(), sourcefile: 'browserTests.ts', loader: 'ts'},
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    sourcemap: 'inline',
    tsconfig: 'tsconfig.json',
    plugins: [browserTwins],
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text;
}

/** In the browser, `x.browser.ts` stands in for `x.node.ts`. */
const browserTwins: Plugin = {
  name: 'browser twins',
  setup(builder) {
    builder.onResolve({filter: /\.node\.ts$/}, ({path, importer, resolveDir, kind}) =>
      builder.resolve(path.replace(/\.node\.ts$/, '.browser.ts'), {importer, resolveDir, kind}),
    );
  },
};
