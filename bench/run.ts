import {Argument, Command, InvalidArgumentError} from 'commander';
import {codes} from './accuracy/codes.ts';
import {memory} from './memory/memory.ts';
import {bundle} from './size/bundle.ts';
import {files} from './size/files.ts';
import {packed, packedLarge} from './speed/packed.ts';
import {page} from './speed/page.ts';
import {peer} from './speed/peer.ts';
import {product} from './speed/product.ts';
import {speed} from './speed/speed.ts';
import {stages} from './speed/stages.ts';

const BENCHMARKS = {
  speed,
  stages,
  memory,
  product,
  files,
  bundle,
  page,
  peer,
  packed,
  'packed-large': packedLarge,
  codes,
} as const;
type Name = keyof typeof BENCHMARKS;
const NAMES = Object.keys(BENCHMARKS) as Name[];
/** Run only if they are named: `packed-large` is for machines with a GPU, and `codes` measures nothing. */
const BY_NAME_ONLY: readonly Name[] = ['packed-large', 'codes'];
const DEFAULTS = NAMES.filter((name) => !BY_NAME_ONLY.includes(name));

await new Command('npm run bench --')
  .description(
    'Measures speed, whole stages, memory, the matrix product, files, the bundle, the browser example, and the peer; ' +
      'figures also go to bench/results.',
  )
  .addArgument(
    new Argument('[names...]', 'which benchmarks')
      .choices(NAMES)
      .default(DEFAULTS, `all but ${BY_NAME_ONLY.join(' and ')}`),
  )
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
