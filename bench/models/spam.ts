import * as tf from '@tensorflow/tfjs';
import {philox4x32} from 'tfjs-compress/numerics';
import {fallingRates, prepareTraining} from '../../examples/fashion-mnist/trainConvnet.ts';
import {classifierRows, type Labelled} from './classifier.ts';
import {type Email, readEmails} from './emails.ts';
import type {ModelBench} from './modelRow.ts';
import {trainedModel} from './trainedModel.ts';
import {Vocabulary} from './vocabulary.ts';

const NAME = 'spam classifier';
const WORDS = 8000;
const LENGTH = 200;
const TEST_EMAILS = 1500;
const RATES = fallingRates(3, 6e-3);

/** An Embedding, a GRU and a Dense, trained on the SpamAssassin corpus: 4,546 emails, the other 1,500 are the test. */
export const spam: ModelBench = {
  name: NAME,
  async *rows(run) {
    const emails = shuffled(readEmails());
    const [testEmails, trainEmails] = [emails.slice(0, TEST_EMAILS), emails.slice(TEST_EMAILS)];
    const vocabulary = new Vocabulary(
      trainEmails.map(({text}) => text),
      WORDS,
    );
    const [train, test] = [labelled(trainEmails, vocabulary), labelled(testEmails, vocabulary)];
    const model = await trainedModel(NAME.replaceAll(' ', '-'), {
      create: createSpamClassifier,
      train: (fresh) => trainSpam(fresh, train),
    });
    yield* classifierRows({name: NAME, model, train, test}, run);
    model.dispose();
    tf.dispose([train.x, train.y, test.x, test.y]);
  },
};

/** 8,000 words as 32 numbers each, and what a GRU of 32 units remembers of 200 of them. */
export function createSpamClassifier(): tf.LayersModel {
  const {dense, embedding, gru} = tf.layers;
  return tf.sequential({
    name: 'spam_classifier',
    layers: [
      embedding({inputDim: WORDS, outputDim: 32, inputLength: LENGTH, name: 'words'}),
      gru({units: 32, recurrentActivation: 'sigmoid', name: 'memory'}),
      dense({units: 2, activation: 'softmax', name: 'verdict'}),
    ],
  });
}

async function trainSpam(model: tf.LayersModel, {x, y}: Labelled): Promise<void> {
  await model.fit(
    x,
    y,
    prepareTraining(model, {
      rates: RATES,
      batchSize: 128,
      onProgress: ({images, loss, accuracy}) => {
        if (images % 1024 === 0)
          console.error(
            `${NAME}: ${images} emails, loss ${loss.toFixed(3)}, accuracy ${(100 * accuracy).toFixed(1)} %`,
          );
      },
    }),
  );
}

function labelled(emails: readonly Email[], vocabulary: Vocabulary): Labelled {
  return {
    x: tf.tensor2d(
      emails.map(({text}) => vocabulary.encode(text, LENGTH)),
      [emails.length, LENGTH],
      'float32',
    ),
    y: tf.tensor2d(emails.map(({isSpam}) => [isSpam ? 0 : 1, isSpam ? 1 : 0])),
  };
}

/** Always in the same order, with spam all over. */
function shuffled(emails: readonly Email[]): Email[] {
  return emails
    .map((email, i) => ({email, key: philox4x32([i, 0, 0, 0], [1, 0])[0]}))
    .sort((one, other) => one.key - other.key)
    .map(({email}) => email);
}
