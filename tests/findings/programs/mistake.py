from anyscale_constructs import ConstructsError

raise ConstructsError("the team's quota is used up", fix="ask for more")
