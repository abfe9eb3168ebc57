/** The codes `[columns, rows]` of codes `[rows, columns]`. */
export function transposeCodes(codes: Int16Array, rows: number, columns: number): Int16Array {
  const result = new Int16Array(codes.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = codes[i * columns + j];
  return result;
}
