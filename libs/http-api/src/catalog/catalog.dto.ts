import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { MayBeAbsent } from '../requests/parse-dto';
import { IsWholeNumberText } from '../requests/is-whole-number-text.decorator';
import { MinOffsetQuery } from '../requests/min-offset.dto';

export class TagsQuery extends MinOffsetQuery {
  @ApiPropertyOptional({ description: 'part of a name, label, description or group' })
  @MayBeAbsent()
  @IsString()
  query?: string;

  @ApiPropertyOptional({ description: 'tags of this tag type only', example: 'customer' })
  @MayBeAbsent()
  @IsString()
  type?: string;
}

export class TagDistributionQuery extends MinOffsetQuery {
  @ApiPropertyOptional({ description: '1 to 1,000 values shown', default: 20, example: '20' })
  @MayBeAbsent()
  @IsWholeNumberText(1, 1_000)
  top?: string;
}
