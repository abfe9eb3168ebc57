import type {Tensor, Tensor2D, Tensor3D, Tensor4D} from '@tensorflow/tfjs-core';

interface TensorOfRank {
  2: Tensor2D;
  3: Tensor3D;
  4: Tensor4D;
}

/** A tensor typed by the rank that it has; most ops of tfjs return tensors of any rank. */
export function requireRank<Rank extends keyof TensorOfRank>(tensor: Tensor, rank: Rank): TensorOfRank[Rank] {
  if (hasRank(tensor, rank)) return tensor;
  throw new TypeError(`expected a tensor of rank ${rank}, got one of shape [${tensor.shape.join(', ')}]`);
}

function hasRank<Rank extends keyof TensorOfRank>(tensor: Tensor, rank: Rank): tensor is TensorOfRank[Rank] {
  return tensor.rank === rank;
}
