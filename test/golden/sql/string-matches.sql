-- string-matches
-- {"tag":"email","op":"matches","value":"^u[1-3]\\d@"}

-- By itself: mixed, because a leaf is read from columns

-- mixed
SELECT count(if(b0, 1, NULL)) AS c0
FROM (
SELECT u.`sys_guid`,
  ((p1.`is_deleted` = false AND p1.`email` IN ('u10@example.com', 'u11@example.org', 'u13@example.org', 'u14@example.com', 'u16@example.com', 'u17@example.org', 'u19@example.org', 'u20@example.com', 'u22@example.com', 'u23@example.org', 'u25@example.org', 'u26@example.com', 'u28@example.com', 'u29@example.org', 'u31@example.org', 'u32@example.com', 'u34@example.com', 'u35@example.org', 'u37@example.org', 'u38@example.com'))) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) t0;

-- bitmap
SELECT sum(bitmap_count(b0)) AS c0
FROM (
SELECT CAST(s.`sys_guid` DIV 4194304 AS INT) AS `sys_seg`,
  ifnull(bitmap_agg(s.`sys_guid`), bitmap_empty()) AS sys_all,
  ifnull(bitmap_agg(if(s.b0, s.`sys_guid`, NULL)), bitmap_empty()) AS b0
FROM (
SELECT u.`sys_guid`,
  ((p1.`is_deleted` = false AND p1.`email` IN ('u10@example.com', 'u11@example.org', 'u13@example.org', 'u14@example.com', 'u16@example.com', 'u17@example.org', 'u19@example.org', 'u20@example.com', 'u22@example.com', 'u23@example.org', 'u25@example.org', 'u26@example.com', 'u28@example.com', 'u29@example.org', 'u31@example.org', 'u32@example.com', 'u34@example.com', 'u35@example.org', 'u37@example.org', 'u38@example.com'))) AS b0
FROM `sys_users` u
LEFT JOIN [colocate] `profile_1_customer` p1 ON p1.`sys_guid` = u.`sys_guid`
) s
GROUP BY CAST(s.`sys_guid` DIV 4194304 AS INT)
) t0;
