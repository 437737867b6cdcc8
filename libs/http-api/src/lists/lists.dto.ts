import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Length } from 'class-validator';
import { MayBeAbsent } from '../requests/parse-dto';

export class CreateListQuery {
  @ApiProperty({ description: '1 to 200 characters', example: 'newsletter' })
  @IsString()
  @Length(1, 200)
  name!: string;

  @ApiPropertyOptional({
    description: 'true: the first row of a CSV file is a header',
    enum: ['true', 'false'],
    default: 'false',
  })
  @MayBeAbsent()
  @IsIn(['true', 'false'])
  header?: string;
}
