import {PassThrough} from 'node:stream';
import {stripVTControlCharacters} from 'node:util';
import {expect} from 'chai';
import {OptionError, type ProgressEvent} from 'tfjs-compress';
import {terminalProgress} from 'tfjs-compress/plugins/node';

/** A stage of two layers: its events. */
function eventsOf(stage: string): ProgressEvent[] {
  const event = {stage, total: 2, elapsed: 3000, remaining: 3000};
  return [
    {...event, layer: 'conv', index: 0, fraction: 0, remaining: Infinity},
    {...event, layer: 'dense', index: 1, fraction: 0.5},
    {...event, layer: '', index: 2, fraction: 1, elapsed: 6000, remaining: 0},
  ];
}

/** A stream, a terminal if wanted, and what was written to it. */
function streamOf(terminal: object): {readonly stream: PassThrough; readonly text: () => string} {
  const stream = Object.assign(new PassThrough(), terminal);
  let text = '';
  stream.on('data', (part: Buffer) => {
    text += part.toString();
  });
  return {stream, text: () => text};
}

describe('terminalProgress', () => {
  it('writes a line for each layer and one for the end of a stage where there is no terminal', () => {
    const {stream, text} = streamOf({});
    const shown = terminalProgress({stream});
    for (const event of [...eventsOf('spfqPrune'), ...eventsOf('correct')]) shown(event);
    expect(text()).to.equal(
      ['spfqPrune', 'correct']
        .flatMap((stage) => [`${stage}: 1/2 conv`, `${stage}: 2/2 dense`, `${stage}: done in 6.0 s`, ''])
        .join('\n')
        .replaceAll('\n\n', '\n'),
    );
  });

  it('writes a line once, however often a layer reports', () => {
    const {stream, text} = streamOf({});
    const shown = terminalProgress({stream});
    for (let i = 0; i < 3; i++) shown(eventsOf('fit')[0]);
    expect(text()).to.equal('fit: 1/2 conv\n');
  });

  it('shows stage, layer, part and remaining time on a terminal, and clears the line when the stage ends', () => {
    const {stream, text} = streamOf({isTTY: true, columns: 80});
    const shown = terminalProgress({stream});
    const [first, second, last] = eventsOf('spfqQuantize');
    shown(first);
    expect(stripVTControlCharacters(text())).to.match(/^spfqQuantize ░{24} 0 % {2}1\/2 conv/);
    shown({...second, fraction: 0.5});
    shown(last);
    expect(text().endsWith('\u001b[2K'), JSON.stringify(text().slice(-20))).to.equal(true);
    expect(text().includes('\u001b[?25h'), 'shows the cursor again').to.equal(true);
  });

  it('stop() clears the line of a stage that did not end, and may be called again', () => {
    const {stream, text} = streamOf({isTTY: true, columns: 80});
    const shown = terminalProgress({stream});
    shown(eventsOf('spfqQuantize')[0]);
    shown.stop();
    const cleared = text();
    expect(cleared.endsWith('\u001b[2K')).to.equal(true);
    shown.stop();
    expect(text()).to.equal(cleared);
  });

  it('refuses what is no stream, and unknown options', () => {
    expect(() => terminalProgress({stream: 'stderr' as never})).to.throw(
      OptionError,
      /`stream` to be a writable stream, got 'stderr'/,
    );
    expect(() => terminalProgress({steam: process.stderr} as never)).to.throw(OptionError, /`stream` is meant/);
  });
});
