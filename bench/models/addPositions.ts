import * as tf from '@tensorflow/tfjs';

/** Adds a learned vector to each token `[batch, tokens, width]`: a layer that neither tfjs nor this library knows. */
export class AddPositions extends tf.layers.Layer {
  static readonly className = 'AddPositions';
  private positions: tf.LayerVariable | undefined;

  override build(inputShape: tf.Shape): void {
    this.positions = this.addWeight(
      'positions',
      inputShape.slice(1),
      'float32',
      tf.initializers.randomNormal({stddev: 0.02}),
    );
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape): tf.Shape {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = Array.isArray(inputs) ? inputs : [inputs];
    if (this.positions === undefined) throw new Error('AddPositions: expected to be built before it is called');
    return tf.add(x, this.positions.read());
  }
}

tf.serialization.registerClass(AddPositions);
