import type {Report, ReportData} from './reportRecords.ts';
import {reportTable} from './reportTable.ts';

/** A report from its data. */
export function createReport(data: ReportData): Report {
  return {...data, toJSON: () => data, toString: () => reportTable(data)};
}

/** The report of a model before the first stage. */
export function emptyReport(parameters: number): Report {
  const bytes = 4 * parameters;
  return createReport({
    stages: [],
    layers: [],
    skipped: [],
    size: {
      compressedWeights: 0,
      parameters,
      bitsPerWeight: 32,
      bytesBefore: bytes,
      bytesAfter: bytes,
      gzipBytesAfter: bytes,
    },
    evaluation: undefined,
    milliseconds: 0,
  });
}
