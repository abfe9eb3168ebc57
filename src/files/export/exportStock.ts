import type {io} from '@tensorflow/tfjs-core';
import type {layers, LayersModel} from '@tensorflow/tfjs-layers';
import {findSaveHandler} from '../../artifacts/saveHandler.ts';
import {ModelError} from '../../errors.ts';
import {kernelsOf} from '../../layers/registry.ts';
import {type CallList, listCalls} from '../../model/callList.ts';
import {layersOf} from '../../model/layersOf.ts';
import {requireAlive} from '../../model/requireModel.ts';
import type {CompressedLayer} from '../../records.ts';
import type {Compression} from '../../stages/run/compression.ts';
import {type Fold, foldScales} from './foldScales.ts';
import {toSixteenBits} from './sixteenBits.ts';
import {StockArtifacts} from './stockArtifacts.ts';
import {type StockLayer, type StockReport, stockReport} from './stockReport.ts';
import {findLetterForm, type QuantizedKernel} from './storedForm.ts';

/**
 * Writes a compressed model as a standard LayersModel, which `tf.loadLayersModel` loads without this library. The
 * compression is not changed.
 *
 * The kernel of each layer of letters takes the first form that fits:
 * 1. uint8, exactly, where all its letters share one step (`granularity: 'tensor'`);
 * 2. uint8 with one step per channel, where a BatchNormalization or the kernel of a layer that was not compressed
 *    follows and can absorb the steps, also after ReLU, pooling, dropout and flattening. The model computes the same up
 *    to float32 rounding;
 * 3. uint16 or float16, whichever has the smaller error, which is in the report.
 *
 * Pruned layers without letters and all other weights stay float32.
 *
 * ```ts
 * const quantize = spfqQuantize({bits: 4, granularity: 'tensor'});
 * const compression = await lastValueFrom(compress(model).pipe(calibrate(x), quantize));
 * console.log(String(await exportStock(compression, 'downloads://small')));
 * ```
 * @param compression the result of a pipeline, without `pack()`
 * @param handler the destination, as for `model.save`
 * @throws OptionError for a handler that cannot save, ModelError for a model that is packed, disposed of, or has no
 *   compressed layers
 */
export async function exportStock(compression: Compression, handler: io.IOHandler | string): Promise<StockReport> {
  const save = findSaveHandler('exportStock', handler);
  const {model, layers: records, origin} = compression;
  if (origin.graph)
    throw new ModelError(
      'exportStock: expected a compression of a tf.LayersModel, got that of a tf.GraphModel; it goes into exportGraph',
    );
  if (records.length === 0)
    throw new ModelError(
      'exportStock: expected a compression with compressed layers, got none; put spfqQuantize or spfqPrune before it',
    );
  requireAlive('exportStock', model);
  const targets = exportTargets(model, records);
  const calls = listCalls(model);
  const artifacts = await StockArtifacts.of(model);
  const canReceive = (layer: layers.Layer): boolean => !targets.some((target) => target.layer === layer);
  const written = targets.map((target) => writeLayer(target, artifacts, calls, canReceive));
  const stock = artifacts.toArtifacts();
  await save(stock);
  return stockReport(written, stock.weightData.byteLength);
}

interface ExportTarget extends Omit<QuantizedKernel, 'record'> {
  readonly record: CompressedLayer;
}

function exportTargets(model: LayersModel, records: readonly CompressedLayer[]): ExportTarget[] {
  const all = layersOf(model).flatMap((layer) => kernelsOf(layer).map(({name, kernel}) => ({name, layer, kernel})));
  return records.map((record) => {
    const found = all.find(({name}) => name === record.name);
    if (!found)
      throw new ModelError(
        `exportStock: expected a layer '${record.name}', a ${record.className}, found none; export before pack()`,
      );
    return {layer: found.layer, kernel: found.kernel, record};
  });
}

function writeLayer(
  {record, ...target}: ExportTarget,
  artifacts: StockArtifacts,
  calls: CallList,
  canReceive: (layer: layers.Layer) => boolean,
): StockLayer {
  const {
    layer,
    kernel: {weight},
  } = target;
  const kernel = artifacts.floats(layer, weight);
  const about = {name: record.name, className: record.className, weights: kernel.length, maxWeight: largest(kernel)};
  if (record.kind === 'pruned')
    return {...about, method: 'float32', exact: true, maxError: 0, bytes: 4 * kernel.length};
  const exact = findLetterForm(record, kernel);
  const {form, receiver}: Partial<Fold> = exact
    ? {form: exact}
    : (foldScales({...target, record}, artifacts, calls, canReceive) ?? {});
  const written = form ?? toSixteenBits(kernel);
  artifacts.putForm(layer, weight, written);
  // A folded kernel was compared before: each letter times its step is the weight.
  const maxError = receiver === undefined ? largest(kernel.map((value, i) => value - written.values[i])) : 0;
  return {
    ...about,
    method: written.dtype,
    foldedInto: receiver,
    exact: maxError === 0,
    maxError,
    bytes: written.bytes.length,
  };
}

function largest(values: Float32Array): number {
  return values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
