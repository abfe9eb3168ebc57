import {expect} from 'chai';
import {from, of, type Subscription} from 'rxjs';
import {TestScheduler} from 'rxjs/testing';
import type {Compression} from 'tfjs-compress';
import {stage} from '../../src/operators/stage.ts';
import type {StageContext} from '../../src/stages/run/stageContext.ts';

/** A compression that only counts how often it, or its model alone, was disposed of. */
interface Fake {
  readonly compression: Compression;
  disposals: number;
  modelDisposals: number;
}

function fake(name: string, observers: Compression['observers'] = []): Fake {
  const model = {
    name,
    layers: [],
    weights: [],
    dispose: () => {
      counted.modelDisposals++;
    },
  };
  const origin = {release: () => undefined, wait: () => undefined};
  const counted: Fake = {
    compression: {
      model,
      original: {},
      observers,
      origin,
      dispose: () => {
        counted.disposals++;
      },
    } as unknown as Compression,
    disposals: 0,
    modelDisposals: 0,
  };
  return counted;
}

const ticks = async (count = 1): Promise<void> => {
  for (let i = 0; i < count; i++)
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
};

describe('stage', () => {
  it('subscribes to its source when it is subscribed to, and lets it go on completion', () => {
    marbles(({cold, expectObservable, expectSubscriptions}) => {
      const source = cold<Compression>('  ----|');
      const expected = '     ----|';
      expectObservable(source.pipe(stage('fake', () => Promise.reject(new Error('unused'))))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
  });

  it('passes an error of its source on, and lets it go when it is unsubscribed from', () => {
    marbles(({cold, hot, expectObservable, expectSubscriptions}) => {
      const failing = cold<Compression>(' ----#');
      expectObservable(failing.pipe(stage('fake', () => Promise.reject(new Error('unused'))))).toBe('----#');
      const endless = hot<Compression>('  -------');
      expectObservable(endless.pipe(stage('fake', () => Promise.reject(new Error('unused')))), '---!').toBe('---');
      expectSubscriptions(endless.subscriptions).toBe('^--!');
    });
  });

  it('emits what its run makes, and disposes of the given model, not of what its source made for both', async () => {
    const [before, after] = [fake('before'), fake('after')];
    const log = await logOf(before, () => Promise.resolve(after.compression));
    expect(log).to.deep.equal([after.compression, 'complete']);
    expect([before.modelDisposals, after.modelDisposals]).to.deep.equal([1, 0]);
    expect([before.disposals, after.disposals]).to.deep.equal([0, 0]);
  });

  it('leaves the original alone, when it was given nothing else', async () => {
    const [before, after] = [fake('before'), fake('after')];
    const untouched = {...before.compression, original: before.compression.model};
    await logOf({...before, compression: untouched}, () => Promise.resolve(after.compression));
    expect([before.modelDisposals, before.disposals]).to.deep.equal([0, 0]);
  });

  it('that hands the same model on disposes of nothing', async () => {
    const before = fake('before');
    await logOf(before, (compression) => Promise.resolve({...compression, seed: 1}));
    expect([before.modelDisposals, before.disposals]).to.deep.equal([0, 0]);
  });

  it('that fails ends with the error, once, and disposes of what it was given', async () => {
    const before = fake('before');
    const error = new Error('failed');
    expect(await logOf(before, () => Promise.reject(error))).to.deep.equal([error]);
    expect(before.disposals).to.equal(1);
  });

  it('takes one compression after the other', async () => {
    const log: string[] = [];
    let running = 0;
    const slow = stage('fake', async (compression) => {
      expect(++running).to.equal(1);
      await ticks(3);
      running--;
      return compression;
    });
    await new Promise<void>((resolve) => {
      from([fake('a').compression, fake('b').compression])
        .pipe(slow)
        .subscribe({next: ({model: {name}}) => log.push(name), complete: resolve});
    });
    expect(log).to.deep.equal(['a', 'b']);
  });

  it('that is unsubscribed from ends its run at the next checkpoint, and disposes of what it was given', async () => {
    const before = fake('before');
    const steps: string[] = [];
    const log: unknown[] = [];
    const subscription = subscribed(before, log, async (compression, {checkpoint}) => {
      for (const step of ['first', 'second', 'third']) {
        await checkpoint();
        steps.push(step);
        if (step === 'second') subscription.unsubscribe();
      }
      return compression;
    });
    await ticks(5);
    expect(steps).to.deep.equal(['first', 'second']);
    expect(log).to.deep.equal([]);
    expect(before.disposals).to.equal(1);
  });

  it('whose run finishes although it was unsubscribed from disposes of the result, too', async () => {
    const [before, after] = [fake('before'), fake('after')];
    const log: unknown[] = [];
    const subscription = subscribed(before, log, async () => {
      await ticks(2);
      return after.compression;
    });
    subscription.unsubscribe();
    await ticks(5);
    expect(log).to.deep.equal([]);
    expect([before.modelDisposals, after.disposals]).to.deep.equal([1, 1]);
  });

  it('tells its run its name, the time, and takes its progress to every observer', async () => {
    const seen: unknown[] = [];
    const observers = [1, 2].map(
      (number) =>
        ({stage: name, layer, fraction, remaining}: Parameters<Compression['observers'][number]>[0]) => {
          seen.push([number, name, layer, fraction, remaining > 0]);
        },
    );
    await logOf(fake('before', observers), async (compression, context) => {
      expect(context.stage).to.equal('fake');
      context.progress('one', 0, 2);
      await ticks();
      expect(context.elapsed()).to.be.greaterThan(0);
      context.progress('', 2, 2);
      context.progress('', 0, 0);
      return compression;
    });
    expect(seen).to.deep.equal([
      [1, 'fake', 'one', 0, true],
      [2, 'fake', 'one', 0, true],
      [1, 'fake', '', 1, false],
      [2, 'fake', '', 1, false],
      [1, 'fake', '', 1, false],
      [2, 'fake', '', 1, false],
    ]);
  });
});

type Run = (compression: Compression, context: StageContext) => Promise<Compression>;

async function logOf(before: Fake, run: Run): Promise<unknown[]> {
  const log: unknown[] = [];
  subscribed(before, log, run);
  await ticks(5);
  return log;
}

function subscribed({compression}: Fake, log: unknown[], run: Run): Subscription {
  return of(compression)
    .pipe(stage('fake', run))
    .subscribe({
      next: (one) => log.push(one),
      error: (error: unknown) => log.push(error),
      complete: () => log.push('complete'),
    });
}

function marbles(run: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => {
    expect(actual).to.deep.equal(expected);
  }).run(run);
}
