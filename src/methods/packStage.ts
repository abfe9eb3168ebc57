import {ModelError} from '../errors.ts';
import {disposeModel} from '../graph/disposeModel.ts';
import {reportOf} from '../report/report.ts';
import type {Compression} from '../types.ts';
import {requireAlive} from './compressionOf.ts';
import {packModel} from './packModel.ts';
import type {StageContext} from './stageContext.ts';

/**
 * The compression with its model packed; what was evaluated stays true.
 * @throws ModelError if no layer was compressed, or weights were changed since
 */
export async function packStage(compression: Compression, context: StageContext): Promise<Compression> {
  const {model, layers, report} = compression;
  if (layers.length === 0) throw new ModelError('pack: expected a compression with compressed layers, got none; put spfqQuantize or spfqPrune before it');
  requireAlive('pack', model);
  await context.pause();
  const packed = await packModel(model, layers);
  return {
    ...compression,
    model: packed,
    report: reportOf({...report.toJSON(), stages: [...report.stages, context.stage], milliseconds: report.milliseconds + context.elapsed()}),
    dispose: () => { disposeModel(packed); },
  };
}
