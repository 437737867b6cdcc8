import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';
import { MayBeAbsent, MustBePresent } from '../requests/parse-dto';

const EXPRESSION_EXAMPLE = {
  and: [
    { tag: 'city', op: 'in', value: ['beijing', 'shanghai'] },
    { event: 'order_paid', measure: { count: '*' }, op: 'gte', value: 3, window: { last: 'P7D' } },
  ],
};

/** What every read takes. */
export class ReadDto {
  @ApiPropertyOptional({
    description: 'RFC 3339 with zone; default: the moment of the call',
    example: '2026-11-01T00:00:00Z',
  })
  @MayBeAbsent()
  @IsString()
  asOf?: string;

  @ApiPropertyOptional({
    description: 'IANA zone of dates and calendar windows; default: TZ_DEFAULT',
    example: 'Asia/Shanghai',
  })
  @MayBeAbsent()
  @IsString()
  timeZone?: string;

  @ApiPropertyOptional({ description: 'values for {"param": name}', type: Object, example: { days: 7 } })
  @MayBeAbsent()
  @IsObject()
  params?: object;

  @ApiPropertyOptional({ description: 'offset that a write answered: wait until it is visible, at most 10 s' })
  @MayBeAbsent()
  @IsString()
  minOffset?: string;
}

export class ExpressionDto extends ReadDto {
  @ApiProperty({
    description: 'an expression; its JSON Schema is at /v1/segmentation/schema',
    type: Object,
    example: EXPRESSION_EXAMPLE,
  })
  @MustBePresent()
  expression!: unknown;
}

export class CountDto extends ExpressionDto {
  @ApiPropertyOptional({ description: 'true: the count of every node of the expression too' })
  @MayBeAbsent()
  @IsBoolean()
  perNode?: boolean;
}

export class MembersDto extends CountDto {
  @ApiPropertyOptional({ minimum: 1, maximum: 10_000, default: 100 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(10_000)
  limit?: number;

  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @MayBeAbsent()
  @IsString()
  cursor?: string;
}

export class DistributionDto extends ExpressionDto {
  @ApiProperty({ description: 'names of 1 to 20 tags', type: [String], example: ['city', 'level'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @ArrayUnique()
  tags!: string[];

  @ApiPropertyOptional({ description: 'values shown per tag', minimum: 1, maximum: 1_000, default: 20 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000)
  top?: number;
}

export class NamedSetDto {
  @ApiProperty({ example: 'frequent' })
  @IsString()
  @Length(1, 100)
  name!: string;

  @ApiProperty({ type: Object, example: EXPRESSION_EXAMPLE })
  @MustBePresent()
  expression!: unknown;
}

export class OverlapDto extends ReadDto {
  @ApiProperty({ description: '2 to 8 sets with distinct names', type: [NamedSetDto] })
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(8)
  sets!: unknown[];
}
