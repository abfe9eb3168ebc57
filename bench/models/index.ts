import {esrgan} from './esrgan.ts';
import {faces} from './faces.ts';
import {residualCnn, transformer} from './fashionModels.ts';
import {hearing} from './hearing.ts';
import {mobileNet} from './mobileNet.ts';
import type {ModelBench} from './modelRow.ts';
import {spam} from './spam.ts';

/** Every model of `npm run bench:models`, in its order. */
export const modelBenches: readonly ModelBench[] = [
  esrgan,
  mobileNet,
  residualCnn,
  transformer,
  spam,
  hearing,
  ...faces,
];
