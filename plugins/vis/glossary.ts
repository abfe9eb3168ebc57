/** What the words of a report mean, each in a sentence. */
export const GLOSSARY: ReadonlyArray<readonly [string, string]> = [
  [
    'Relative error',
    'How far what a layer computes from the compressed network’s inputs is from what it computed in the original, ' +
      'relative to the norm of the latter.',
  ],
  [
    'Held-back rows',
    'Inputs of the layer that calibration has not seen: errors are measured on them, so that they are not flattered.',
  ],
  [
    'Calibration rows',
    'Inputs of the layer that its weights were fitted to; fewer than it has features leave some of its weights ' +
      'undetermined.',
  ],
  [
    'Letters',
    'The values that a weight of the layer may have, times the scale of its neuron; b bits are at most 2ᵇ letters.',
  ],
  [
    'Bound',
    'What the largest error of a stochastic path stays below with probability 0.99, by the theory of stochastic ' +
      'path following.',
  ],
  [
    'Applies',
    'The bound holds for one random path without clipped steps; refined or searched weights are usually better ' +
      'than it, but not covered by it.',
  ],
  ['Clipped steps', 'How often the path asked for a weight beyond the outermost letter.'],
  ['Dead features', 'Inputs of the layer that never changed during calibration, so that their weights do not matter.'],
  [
    'Alignment error',
    'What remains of the error of the layers before once real-valued weights have made up for it as well as they ' +
      'can: no letters do better.',
  ],
  ['Damping', 'How much was added to the diagonal of the statistics, relative to its mean, to solve with them.'],
  [
    'Mask',
    'Which weights are pruned; several are tried, and the one with the smaller error after the activation is kept.',
  ],
  [
    'Correction',
    'A last improvement of weights and biases without training; it is kept where it lowers the error on ' +
      'held-out rows.',
  ],
  ['Gzipped', 'The packed bytes once more compressed, as a server or an archive would do.'],
];
