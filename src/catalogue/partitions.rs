//! AWS partitions: which DNS suffix a region's endpoint has.
//!
//! Source: AWS's `partitions.json` of the endpoint rules that every AWS SDK carries. A region that
//! is in no list is taken for the partition whose pattern it fits, so a new region needs no new
//! plugin.

/// A group of regions with DNS suffixes of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// The partition's name, as in ARNs.
    pub id: &'static str,
    /// What the partition's region names begin with; empty for `aws`, which has the rest.
    pub region_prefix: &'static str,
    /// Suffix of `sqs.{region}.` hosts.
    pub dns_suffix: &'static str,
    /// Suffix of dual-stack hosts.
    pub dual_stack_suffix: &'static str,
}

/// The partition of every region that fits no other.
const COMMERCIAL: &Partition = &Partition {
    id: "aws",
    region_prefix: "",
    dns_suffix: "amazonaws.com",
    dual_stack_suffix: "api.aws",
};

/// Every partition that is told by the beginning of its regions' names.
const PREFIXED: &[Partition] = &[
    Partition {
        id: "aws-cn",
        region_prefix: "cn-",
        dns_suffix: "amazonaws.com.cn",
        dual_stack_suffix: "api.amazonwebservices.com.cn",
    },
    Partition {
        id: "aws-us-gov",
        region_prefix: "us-gov-",
        dns_suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
    },
    Partition {
        id: "aws-iso",
        region_prefix: "us-iso-",
        dns_suffix: "c2s.ic.gov",
        dual_stack_suffix: "api.aws.ic.gov",
    },
    Partition {
        id: "aws-iso-b",
        region_prefix: "us-isob-",
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_suffix: "api.aws.scloud",
    },
    Partition {
        id: "aws-iso-e",
        region_prefix: "eu-isoe-",
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_suffix: "api.cloud-aws.adc-e.uk",
    },
    Partition {
        id: "aws-iso-f",
        region_prefix: "us-isof-",
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_suffix: "api.aws.hci.ic.gov",
    },
    Partition {
        id: "aws-eusc",
        region_prefix: "eusc-",
        dns_suffix: "amazonaws.eu",
        dual_stack_suffix: "api.amazonwebservices.eu",
    },
];

impl Partition {
    /// The partition that the region belongs to.
    pub fn of(region: &str) -> &'static Partition {
        PREFIXED
            .iter()
            .find(|partition| region.starts_with(partition.region_prefix))
            .unwrap_or(COMMERCIAL)
    }

    /// Every partition.
    pub fn all() -> impl Iterator<Item = &'static Partition> {
        std::iter::once(COMMERCIAL).chain(PREFIXED)
    }
}

/// Regions to suggest in a form: those in common use. Any other text works too.
pub const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "cn-north-1",
    "cn-northwest-1",
    "us-gov-east-1",
    "us-gov-west-1",
    "eusc-de-east-1",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_belongs_to_the_partition_of_its_prefix_and_a_new_one_to_aws() {
        for (region, id) in [
            ("eu-west-1", "aws"),
            ("mars-north-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(Partition::of(region).id, id, "{region}");
        }
    }
}
