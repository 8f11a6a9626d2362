terraform {
  required_version = ">= 1.10.0"
}

moved {
  from = module.aws_anyscale_v2.module.aws_anyscale_s3
  to = module.s3
}

moved {
  from = module.aws_anyscale_v2.module.aws_anyscale_iam
  to = module.iam
}

moved {
  from = module.aws_anyscale_v2.module.aws_anyscale_s3_policy
  to = module.s3_policy
}

moved {
  from = module.aws_anyscale_v2.module.aws_anyscale_vpc
  to = module.vpc
}

moved {
  from = module.aws_anyscale_v2.module.aws_anyscale_securitygroup_self
  to = module.securitygroups
}

moved {
  from = module.aws_anyscale_v2.module.aws_anyscale_efs
  to = module.efs
}

removed {
  from = module.aws_anyscale_v2.module.aws_anyscale_memorydb
  lifecycle {
    destroy = false
  }
}

removed {
  from = module.aws_anyscale_v2.random_id.common_name
  lifecycle {
    destroy = false
  }
}
