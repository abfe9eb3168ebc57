import {Argument, Command, InvalidArgumentError} from 'commander';
import {memory} from './memory.ts';
import {product} from './product.ts';
import {speed} from './speed.ts';
import {stages} from './stages.ts';

const BENCHMARKS = {speed, stages, memory, product} as const;
type Name = keyof typeof BENCHMARKS;
const NAMES = Object.keys(BENCHMARKS) as Name[];

await new Command('npm run bench --')
  .description('Measures speed, whole stages, memory and the matrix product; figures also go to bench/results.')
  .addArgument(new Argument('[names...]', 'which benchmarks').choices(NAMES).default(NAMES, 'all'))
  .option('--repeat <n>', 'runs of each measurement', positiveInteger, 5)
  .action(async (names: Name[], options: {repeat: number}) => {
    for (const name of names) {
      console.log(`\n${name}`);
      await BENCHMARKS[name](options);
    }
  })
  .parseAsync();

function positiveInteger(text: string): number {
  const number = Number(text);
  if (!(Number.isInteger(number) && number > 0)) throw new InvalidArgumentError('expected a positive integer');
  return number;
}
