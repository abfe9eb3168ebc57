import {delay, from, switchMap} from 'rxjs';
import {element, made, orProblem, showProblem} from './page.ts';
import {type Result, result} from './session.ts';

/** The last section: the report of the last compression, as plots, and as a file. */
export function startReportPanel(): void {
  const section = element('report', HTMLElement);
  const plots = element('plots', HTMLElement);
  // A moment later, so that the page shows the figures before it draws.
  result
    .pipe(
      delay(50),
      switchMap((value) => (value ? from(plotsOf(value)).pipe(orProblem()) : [])),
    )
    .subscribe((figures) => {
      section.hidden = false;
      plots.replaceChildren(...figures);
    });
  element('download', HTMLButtonElement).onclick = () => {
    if (result.value) download(result.value).catch(showProblem);
  };
}

async function plotsOf({compression}: Result): Promise<Element[]> {
  const {reportPlots} = await import('tfjs-compress/plugins/vis');
  const {accuracy, size, errors, bits, histograms, skipped} = await reportPlots(compression, {width: 420});
  return [accuracy, size, errors, bits, ...histograms.map(({element: drawn}) => drawn), skipped].filter(
    (one) => one !== undefined,
  );
}

async function download({compression, title}: Result): Promise<void> {
  const {reportPage} = await import('tfjs-compress/plugins/vis');
  const page = await reportPage(compression, {title: `Fashion-MNIST: ${title}`});
  const address = URL.createObjectURL(new Blob([page], {type: 'text/html'}));
  made('a', {href: address, download: 'compression.html'}).click();
  URL.revokeObjectURL(address);
}
