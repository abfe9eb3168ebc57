/**
 * The page that runs the bundle under mocha. It calls `report(line)` for each test and `finish(outcome)` at the end,
 * which the runner provides.
 */
export function browserPage(grep?: string): string {
  return `<!doctype html>
<meta charset="utf-8">
<title>tfjs-compress</title>
<script src="/mocha.js"></script>
<script type="module">
  mocha.setup({ui: 'bdd', reporter: function () {}, timeout: 120000, forbidPending: true});
  ${grep === undefined ? '' : `mocha.grep(${JSON.stringify(grep)});`}
  const empty = [];
  window.loadTests = async (file, load) => {
    const before = mocha.suite.total();
    await load();
    if (mocha.suite.total() === before) empty.push(file);
  };
  try {
    await import('/bundle.js');
    let passed = 0, failed = 0;
    mocha.run(() => window.finish({passed, failed, empty}))
      .on('suite', (suite) => window.report('  '.repeat(suite.titlePath().length) + suite.title))
      .on('pass', (test) => { passed++; window.report('  '.repeat(test.titlePath().length) + '✔ ' + test.title); })
      .on('fail', (test, error) => {
        failed++;
        window.report('\\n  ✖ ' + test.fullTitle() + '\\n' + (error.stack ?? error) + '\\n');
      });
  } catch (error) {
    window.report('  ✖ the bundle does not load\\n' + (error.stack ?? error));
    window.finish({passed: 0, failed: 1, empty});
  }
</script>`;
}
