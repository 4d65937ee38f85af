import type { TypeName } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/** `bigint`, `varchar(20)`, `array(varchar)`, `map(varchar, double)`, `row(a bigint, b varchar)`, `array<bigint>`. */
export function parseTypeName(stream: TokenStream): TypeName {
  return stream.nested(() => {
    const { at } = stream.peek();
    let name = stream.identifier().name.toLowerCase();
    if (name === 'double') stream.take('precision');
    const args: Array<TypeName | number> = [];
    const fields: Array<string | undefined> = [];
    if (stream.take('(')) {
      do {
        if (stream.peek().kind === 'long') {
          args.push(Number(stream.advance().text));
        } else {
          fields.push(name === 'row' && hasFieldName(stream) ? stream.identifier().name : undefined);
          args.push(parseTypeName(stream));
        }
      } while (stream.take(','));
      stream.expect(')');
    }
    if (stream.take('with', 'time', 'zone')) name += ' with time zone';
    return { at, name, args, fields };
  });
}

function hasFieldName(stream: TokenStream): boolean {
  const after = stream.peek(1);
  return after.kind === 'word' || after.kind === 'quoted';
}
