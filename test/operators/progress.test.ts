import {expect} from 'chai';
import {EMPTY} from 'rxjs';
import {TestScheduler} from 'rxjs/testing';
import {type Compression, progress} from 'tfjs-compress';
import {TrainingObservable} from '../../src/sources/trainingObservable.ts';

describe('progress, in time', () => {
  const compression = (observers: Compression['observers']): Compression => ({observers}) as Compression;
  const observer = (): void => undefined;
  const run = (test: Parameters<TestScheduler['run']>[0]): void => {
    new TestScheduler((actual, expected) => {
      expect(actual).to.deep.equal(expected);
    }).run(test);
  };

  it('subscribes to a training once, when it is subscribed to, and lets it go with it', () => {
    run(({cold, expectObservable, expectSubscriptions}) => {
      const training$ = cold('---c|', {c: compression([])});
      const unsub = '                                                                    --!';
      expectObservable(new TrainingObservable(() => training$).pipe(progress(observer)), unsub).toBe('---');
      expectSubscriptions(training$.subscriptions).toBe('^-!');
    });
  });

  it('tells the training of all its observers, each subscription of its own', () => {
    const seen: Array<Compression['observers']> = [];
    const source = new TrainingObservable((observers) => {
      seen.push(observers);
      return EMPTY;
    });
    const twice = source.pipe(progress(observer), progress(observer));
    expect(seen).to.deep.equal([]);
    [twice, source, twice].forEach((one) => {
      one.subscribe();
    });
    expect(seen).to.deep.equal([[observer, observer], [], [observer, observer]]);
  });

  it('hands on what a training emits, its end and its error', () => {
    run(({cold, expectObservable}) => {
      const c = compression([observer]);
      expectObservable(new TrainingObservable(() => cold('---c|', {c})).pipe(progress(observer))).toBe('---c|', {c});
      expectObservable(
        new TrainingObservable(() => cold<Compression>('---#', undefined, 'failed')).pipe(progress(observer)),
      ).toBe('---#', undefined, 'failed');
    });
  });

  it('behind anything else adds its observer to each compression', () => {
    run(({hot, expectObservable, expectSubscriptions}) => {
      const source = hot(' --a-b-|', {a: compression([]), b: compression([])});
      const [o, p] = [(): void => undefined, (): void => undefined];
      expectObservable(source.pipe(progress(o), progress(p))).toBe('--a-a-|', {a: compression([o, p])});
      expectSubscriptions(source.subscriptions).toBe('^-----!');
    });
  });
});
