import type {PackingReport} from './reportRecords.ts';
import {checkLine} from './selfCheckReport.ts';

/** A packing as lines of the report's table. */
export function packingLines({backend, layers, selfCheck}: PackingReport): string[] {
  const lines = [
    ['packed', `computed from packed weights on '${backend}'`],
    ['decoded', `decoded to float32 on '${backend}'`],
    [undefined, `not computed on '${backend}', whose plugin is missing`],
  ] as const;
  const routes = lines.flatMap(([route, text]) => {
    const taking = layers.filter((layer) => layer.route === route);
    return taking.length > 0
      ? [
          `${text}: ${taking.map(({name}) => name).join(', ')}; ${taking.reduce((sum, {bytes}) => sum + bytes, 0)} bytes`,
        ]
      : [];
  });
  return [...routes, ...(selfCheck ? checkLines(selfCheck) : [])];
}

/** The largest error in one line, and each layer that failed. */
function checkLines({layers}: NonNullable<PackingReport['selfCheck']>): string[] {
  const failed = layers.filter(({passed}) => !passed);
  const compared = layers.filter(({inputs, passed}) => passed && inputs !== 'none');
  if (layers.every(({inputs}) => inputs === 'none'))
    return ['self-check: nothing to compare, as every layer is decoded'];
  const largest = Math.max(0, ...compared.map(({relativeError}) => relativeError));
  return [
    `self-check: ${compared.length} layers passed, largest relative error ${largest.toPrecision(3)}`,
    ...failed.map((check) => `self-check: ${checkLine(check)}`),
  ];
}
