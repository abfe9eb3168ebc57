/**
 * What a path leaves on the device: three planes `[features, neurons]`. Codes are small integers, exact in float32,
 * except those of an operator that only prunes, which are weights in steps.
 */
export const PATH_PLANES = {drift: 0, error: 1, code: 2} as const;

/** WGSL that finds an entry of the path state `[3, features, neurons]`. */
export const pathState = /* wgsl */ `
  const DRIFT = ${PATH_PLANES.drift};
  const ERROR = ${PATH_PLANES.error};
  const CODE = ${PATH_PLANES.code};

  fn stateIndex(plane : i32, t : i32, neuron : i32) -> i32 {
    return (plane * uniforms.features + t) * uniforms.neurons + neuron;
  }`;
