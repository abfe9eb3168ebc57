import {dispose, engine} from '@tensorflow/tfjs-core';

/** Frees what tfjs has saved for the gradient of a loss that could not be computed: by itself it does so only behind the gradient. */
export function dropTape(): void {
  const {
    activeTape,
    gradientDepth,
  }: {
    readonly activeTape: ReadonlyArray<{readonly saved?: Parameters<typeof dispose>[0]}> | null;
    readonly gradientDepth: number;
  } = engine().state;
  if (gradientDepth > 0) return; // somebody is computing one
  for (const {saved} of activeTape ?? []) dispose(saved ?? []);
}
