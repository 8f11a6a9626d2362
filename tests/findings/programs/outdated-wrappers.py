from anyscale_constructs.errors import OutdatedError

raise OutdatedError("not what the catalog gives: modules/aws/vpc.py", fix="anyscale-constructs modules render")
