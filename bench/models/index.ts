import {esrgan} from './esrgan.ts';
import {mobileNet} from './mobileNet.ts';
import type {ModelBench} from './modelRow.ts';

/** Every model of `npm run bench:models`, in its order. */
export const modelBenches: readonly ModelBench[] = [esrgan, mobileNet];
