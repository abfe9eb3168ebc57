import eslint from '@eslint/js';
import {defineConfig, globalIgnores} from 'eslint/config';
import simpleImportSort from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['**/dist/', 'docs/', '.cache/', 'coverage/', '**/*.mts', '**/vite.config.*']),
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {allowDefaultProject: ['eslint.config.js']},
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: {'simple-import-sort': simpleImportSort},
    rules: {
      // Packages first, then relative paths from the farthest to the nearest.
      'simple-import-sort/imports': ['error', {groups: [['^\\u0000', '^node:', '^@?\\w', '^[.][.]', '^[.]']]}],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', {ignoreArrowShorthand: true}],
      '@typescript-eslint/restrict-template-expressions': ['error', {allowNumber: true, allowBoolean: true}],
      // Typings of tfjs leave out null, and an index may be past the end: such conditions are needed.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // tfjs takes `verbose: 0` for its enum, and knows a backend by its base class.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A function may be async because its interface is.
      '@typescript-eslint/require-await': 'off',
      // Stochastic operators are records of pure functions.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', {max: 250, skipBlankLines: true, skipComments: true}],
    },
  },
  {
    files: ['src/**', 'plugins/**'],
    rules: {'no-console': 'error'},
  },
  {
    files: ['src/**'],
    rules: {'max-lines-per-function': ['error', {max: 40, skipBlankLines: true, skipComments: true}]},
  },
  {
    // chai's assertions are expressions
    files: ['test/**'],
    rules: {'@typescript-eslint/no-unused-expressions': 'off'},
  },
  {
    files: ['**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
