import {basicPitch} from './basicPitch.ts';
import {meanOf, type ModelBench, settingOf} from './modelRow.ts';

const NAME = 'basic-pitch';
const SETTINGS = [
  {bits: 8, aim: {least: 97}},
  {bits: 4, aim: {least: 90}},
] as const;

/**
 * Spotify's basic-pitch, a GraphModel: F1 of what its exported compressed self hears in a recording, mean of its three
 * outputs at a threshold of 0.5.
 */
export const hearing: ModelBench = {
  name: NAME,
  async *rows({seeds}) {
    for (const {bits, aim} of SETTINGS) {
      const common = {model: NAME, setting: settingOf(bits), measure: 'F1, %'};
      const nearest = await basicPitch({bits, seed: 0, method: 'rtn'});
      yield {...common, method: 'rtnQuantize', values: [100 * nearest.f1[0].mean]};
      const runs = [];
      for (let seed = 0; seed < seeds; seed++) runs.push(await basicPitch({bits, seed}));
      yield {
        ...common,
        method: 'spfqQuantize → correct',
        values: runs.map(({f1}) => 100 * f1[0].mean),
        aim,
        seconds: meanOf(runs.map((run) => run.seconds)),
      };
    }
  },
};
