import 'tfjs-compress/plugins/wasm';
import {setBackend} from '@tensorflow/tfjs-core';
import {expect} from 'chai';
import {compressionRows} from '../../bench/models/compressionRows.ts';
import {superResolution} from '../../bench/models/esrgan.ts';
import {meanOf, type ModelRow} from '../../bench/models/modelRow.ts';
import {facePhotos} from '../../bench/models/photos.ts';

describe('@upscalerjs/esrgan-slim', () => {
  it(
    'enlarges two photos at 4 bits as its float self does, to 50 dB, where rounding to nearest ' + 'leaves 40',
    async function () {
      this.timeout(400_000);
      await setBackend('wasm');
      const photos = {calibration: facePhotos.slice(0, 4), test: facePhotos.slice(4)};
      const {experiment, dispose} = await superResolution(photos, {squares: 32, side: 96});
      const rows: ModelRow[] = [];
      for await (const row of compressionRows(
        {...experiment, reading: {samples: 32, rows: 4096}, settings: [{bits: 4}]},
        {seeds: 1},
      ))
        rows.push(row);
      dispose();
      const [nearest, followed] = rows.map(({values}) => meanOf(values));
      // Measured: 33.0 and 56.9 dB.
      expect(nearest).to.be.below(40);
      expect(followed).to.be.above(50);
    },
  );
});
