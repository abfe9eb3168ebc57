import type {GraphArtifacts} from '../graph/graphArtifacts.ts';
import type {GraphModelClass} from '../graph/graphModelClass.ts';
import type {Endpoint} from '../graph/nodeDef.ts';

/** Where the weights of a layer are in the graph. */
export interface GraphWeights {
  readonly name: string;
  readonly kernel: Endpoint;
  readonly isTransposed: boolean;
  readonly bias: Endpoint | undefined;
  /** The nodes that read the bias. */
  readonly biasNodes: readonly string[];
}

/** The origin of a bridge: enough to make a graph again, without the GraphModel itself. */
export class GraphOrigin {
  constructor(
    readonly source: GraphArtifacts,
    readonly graphModelClass: GraphModelClass,
    readonly graphWeights: readonly GraphWeights[],
  ) {}
}
