import { IsString } from 'class-validator';
import { EvaluateDto } from '../users/users.dto';
import { CountDto } from '../segmentation/segmentation.dto';
import { MayBeAbsent, MustBePresent, parseDto } from './parse-dto';

class SampleDto {
  @MustBePresent()
  free!: unknown;

  @MayBeAbsent()
  @IsString()
  text?: string;
}

const codes = (type: new () => object, json: unknown): readonly string[] => {
  const parsed = parseDto(type, json, 'body');
  return parsed.ok ? [] : parsed.errors.map(({ path, code }) => `${path} ${code}`);
};

describe('a body that was accepted once', () => {
  it('is accepted again with other values, and only with these keys', () => {
    for (let turn = 0; turn < 3; turn += 1) {
      expect(codes(SampleDto, { free: turn })).toEqual([]);
      expect(codes(SampleDto, { free: null })).toEqual([]);
      expect(codes(SampleDto, {})).toEqual(['/free missing']);
      expect(codes(SampleDto, { free: undefined })).toEqual(['/free missing']);
      expect(codes(SampleDto, { free: 1, text: 'a' })).toEqual([]);
      expect(codes(SampleDto, { free: 1, text: 2 })).toEqual(['/text invalidType']);
      expect(codes(SampleDto, { free: 1, other: 2 })).toEqual(['/other unknownKey']);
      expect(codes(SampleDto, JSON.parse('{"free":1,"__proto__":2}'))).toEqual(['/__proto__ unknownKey']);
      expect(codes(SampleDto, { text: 'a' })).toEqual(['/free missing']);
    }
  });

  it('holds what was sent this time', () => {
    for (const free of [1, 'two', { three: 3 }]) {
      expect(parseDto(SampleDto, { free }, 'body')).toEqual({
        ok: true,
        value: Object.assign(new SampleDto(), { free }),
      });
    }
  });

  it('does not count for another class', () => {
    expect(codes(EvaluateDto, {})).toEqual([]);
    expect(codes(CountDto, {})).toEqual(['/expression missing']);
    expect(codes(CountDto, { expression: 1 })).toEqual([]);
    expect(codes(EvaluateDto, { expression: 1 })).toEqual([]);
    expect(codes(EvaluateDto, { expression: 1, why: 'yes' })).toEqual(['/why invalidType']);
    expect(codes(CountDto, { expression: 1, why: true })).toEqual(['/why unknownKey']);
  });
});
