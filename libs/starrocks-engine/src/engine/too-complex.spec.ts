import { StatementLimitError } from '../compile/statements/limits';
import { StarrocksError } from '../connection/starrocks-error';
import { inSmallerParts } from './too-complex';

const refused = (text: string): StarrocksError => new StarrocksError(`StarRocks: ${text}`, 'refused', 1064);

describe('statements that StarRocks finds too complex', () => {
  it('are asked again in smaller parts', async () => {
    const parts: number[] = [];
    const answer = await inSmallerParts((part) => {
      parts.push(part);
      return part < 16 ? Promise.reject(refused('Expression too complex')) : Promise.resolve('answer');
    });
    expect({ answer, parts }).toEqual({ answer: 'answer', parts: [1, 4, 16] });
  });

  it('are an answerless question if the smallest are too complex', async () => {
    await expect(inSmallerParts(() => Promise.reject(refused('Unknown error')))).rejects.toThrow(StatementLimitError);
  });

  it('are not what any other error is', async () => {
    const parts: number[] = [];
    const asked = inSmallerParts((part) => {
      parts.push(part);
      return Promise.reject(refused("Column 'x' cannot be resolved"));
    });
    await expect(asked).rejects.toThrow('cannot be resolved');
    expect(parts).toEqual([1]);
  });
});
