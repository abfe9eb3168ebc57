import type {GraphModel} from '@tensorflow/tfjs-converter';
import type {io} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {findSaveHandler} from '../../artifacts/saveHandler.ts';
import {GraphOrigin, type GraphWeights} from '../../converted/bridge/graphOrigin.ts';
import {instantiateGraphModel} from '../../converted/graph/graphModelClass.ts';
import {ModelError} from '../../errors.ts';
import {kernelsOf} from '../../layers/registry.ts';
import {layersOf} from '../../model/layersOf.ts';
import {requireAlive} from '../../model/requireModel.ts';
import type {CompressedLayer} from '../../records.ts';
import type {Compression} from '../../stages/run/compression.ts';
import {GraphEditor} from './graphEditor.ts';
import {writeBias, writeKernel} from './graphWeights.ts';
import {type StockLayer, type StockReport, stockReport} from './stockReport.ts';

interface GraphFile {
  readonly artifacts: io.ModelArtifacts & {readonly weightData: ArrayBuffer};
  readonly report: StockReport;
}

/**
 * Writes a compressed graph as a standard GraphModel, which `tf.loadGraphModel` loads without this library. The
 * compression is not changed.
 *
 * The kernel of each layer of letters takes the first form that fits:
 * 1. uint8, exactly, where all its letters share one step;
 * 2. uint8 and float32 steps by channel, with a `Mul` node that computes exactly its weights;
 * 3. uint16 or float16, whichever has the smaller error, which is in the report.
 *
 * Pruned layers without letters and biases are float32; all other constants stay as in the file that the GraphModel was
 * loaded from.
 *
 * ```ts
 * const compression = await lastValueFrom(compressGraph(graphModel).pipe(calibrate(x), spfqQuantize({bits: 4})));
 * console.log(String(await exportGraph(compression, 'downloads://small')));
 * ```
 * @param compression the result of a pipeline from {@link compressGraph}, without `pack()`
 * @param handler the destination, as for `graphModel.save`
 * @throws OptionError for a handler that cannot save, ModelError for a compression of a LayersModel, or one that is
 *   packed, disposed of, or has no compressed layers
 */
export async function exportGraph(compression: Compression, handler: io.IOHandler | string): Promise<StockReport> {
  const save = findSaveHandler('exportGraph', handler);
  const {artifacts, report} = await graphFile('exportGraph', compression);
  await save(artifacts);
  return report;
}

/**
 * Turns a compressed graph into a tf.GraphModel with the weights of the compression, which is yours to dispose of.
 *
 * ```ts
 * const small = await toGraphModel(compression);
 * small.predict(x);
 * ```
 * @param compression the result of a pipeline from {@link compressGraph}, without `pack()`
 * @throws ModelError like {@link exportGraph}
 */
export async function toGraphModel(compression: Compression): Promise<GraphModel> {
  const {artifacts} = await graphFile('toGraphModel', compression);
  return instantiateGraphModel(originOf('toGraphModel', compression).graphModelClass, artifacts);
}

async function graphFile(where: string, compression: Compression): Promise<GraphFile> {
  const origin = originOf(where, compression);
  const {model, layers: records} = compression;
  if (records.length === 0)
    throw new ModelError(
      `${where}: expected a compression with compressed layers, got none; put spfqQuantize or spfqPrune before it`,
    );
  requireAlive(where, model);
  const editor = new GraphEditor(where, origin.source);
  const all = layersOf(model);
  const written: StockLayer[] = [];
  for (const record of records) {
    const layer = all.find(({name}) => name === record.name);
    const graphWeights = origin.graphWeights.find(({name}) => name === record.name);
    if (!layer || !graphWeights || kernelsOf(layer).length === 0)
      throw new ModelError(
        `${where}: expected a layer '${record.name}', a ${record.className}, found none; export before pack()`,
      );
    written.push(await writeLayer(editor, {layer, graphWeights, record}));
  }
  const artifacts = editor.toArtifacts();
  return {artifacts, report: stockReport(written, artifacts.weightData.byteLength)};
}

function originOf(where: string, {origin: {graph}}: Compression): GraphOrigin {
  if (graph instanceof GraphOrigin) return graph;
  throw new ModelError(
    `${where}: expected a compression of a tf.GraphModel, from compressGraph; ` +
      'that of a tf.LayersModel goes into exportStock or pack()',
  );
}

interface GraphTarget {
  readonly layer: layers.Layer;
  readonly graphWeights: GraphWeights;
  readonly record: CompressedLayer;
}

async function writeLayer(editor: GraphEditor, {layer, graphWeights, record}: GraphTarget): Promise<StockLayer> {
  const [{kernel: adapter}] = kernelsOf(layer);
  const weights = layer.getWeights();
  const bias = adapter.bias === undefined ? undefined : await weights[adapter.bias].data<'float32'>();
  if (bias) writeBias(editor, graphWeights, bias);
  return writeKernel(editor, graphWeights, {
    layer,
    adapter,
    record,
    kernel: await weights[adapter.weight].data<'float32'>(),
  });
}
