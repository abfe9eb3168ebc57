import {expect} from 'chai';
import jpeg from 'jpeg-js';
import {PNG} from 'pngjs';
import {decodeImage} from '../../../../../plugins/node/cli/data/decodeImage.ts';

const pixels = {width: 20, height: 10, data: Buffer.alloc(4 * 200, 128)};
const photo = jpeg.encode(pixels).data;
/** Where the height and the width stand in it. */
const frame = photo.indexOf(Buffer.from([0xff, 0xc0]));

describe('decodeImage', () => {
  it('decodes a jpeg with fill bytes in front of its frame', () => {
    const filled = Buffer.concat([photo.subarray(0, frame), Buffer.from([0xff, 0xff]), photo.subarray(frame)]);
    const {width, height, rgba} = decodeImage(filled);
    expect([width, height, rgba.length]).to.deep.equal([20, 10, 800]);
  });

  for (const [width, height, message] of [
    [10_000, 9_999, /^truncated: \d+ bytes for 10000×9999 pixels$/],
    [60_000, 60_000, /^60000×60000 pixels, more than 100 million$/],
    [0, 10, /^0×10 pixels$/],
  ] as const)
    it(`refuses a jpeg that says ${width}×${height} before anything is allocated`, () => {
      const bytes = Buffer.from(photo);
      bytes.writeUInt16BE(height, frame + 5);
      bytes.writeUInt16BE(width, frame + 7);
      const before = process.memoryUsage().rss;
      expect(() => decodeImage(bytes)).to.throw(message);
      expect(process.memoryUsage().rss - before).to.be.below(2 ** 26);
    });

  it('refuses a jpeg that does not say its size', () => {
    expect(() => decodeImage(photo.subarray(0, frame))).to.throw('a jpeg that does not say its size');
  });

  it('refuses a png 0 pixels wide, with its size', () => {
    const bytes = PNG.sync.write(Object.assign(new PNG({width: 2, height: 16}), {data: Buffer.alloc(128)}));
    bytes.writeUInt32BE(0, 16);
    expect(() => decodeImage(bytes)).to.throw('0×16 pixels');
  });
});
